// What people run on parts of their own: `import { policyContract } from 'asterism/contracts'`. Each contract is an array of
// laws and a function that declares them as tests of node:test; `brokenLaws` asks the same laws without a test.
export { annotatorContract, annotatorLaws } from './annotator.ts'
export { graderContract, graderLaws } from './grader.ts'
export { brokenLaws, type ContractOptions, type Law, type Make } from './laws.ts'
export { contractPrefixes, policyContract, policyLaws } from './policy.ts'
export { ppmContract, ppmLaws } from './ppm.ts'
// Here: problemFamilyContract of ./problem-family.ts.
export { selectionContract, selectionLaws } from './selection.ts'
export { strategyContract, strategyLaws } from './strategy.ts'
export { verifierContract, verifierLaws } from './verifier.ts'
