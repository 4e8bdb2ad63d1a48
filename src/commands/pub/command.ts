// One bundle chunk for the whole command: each extra file costs start-up time.
export { run } from './run.js'
export { pub } from './spec.js'
