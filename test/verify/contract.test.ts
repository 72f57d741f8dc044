// The contract of every verifier, kept by Python with and without kept verdicts, and by what knows `verify` alone.
import { openVerifier } from '../../lib/verify/verifier.ts'
import { verifierContract } from '../contracts/verifier.ts'

const open = (options = {}) => openVerifier({ processes: 1, limits: { cpuMs: 500 }, ...options })

verifierContract('Python', open)
verifierContract('Python that keeps no verdict', () => open({ cache: false }))
verifierContract('a verifier that only runs steps', async () => {
  const python = await open()
  return {
    get executions() {
      return python.executions
    },
    verify: (steps, candidates) => python.verify(steps, candidates),
    dispose: () => python.dispose(),
  }
})
