// All statements, in the order of the standard.
import type { Statement } from '../statement.js'
import { ping } from './ping.js'

export const statements: readonly Statement[] = [...ping]
