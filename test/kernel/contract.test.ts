import { kernelContract } from './contract.ts'
import { inProcessHost, zeromqHost } from './hosts.ts'

kernelContract('over ZeroMQ', zeromqHost)
kernelContract('inside this process', inProcessHost)
