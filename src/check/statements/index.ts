// All statements, in the order of the standard.
import type { Statement } from '../statement.js'
import { ping } from './ping.js'
import { publishing } from './publish.js'
import { retain } from './retain.js'

export const statements: readonly Statement[] = [...publishing, ...retain, ...ping]
