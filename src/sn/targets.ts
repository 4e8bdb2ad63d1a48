// How a topic is named to the gateway: by a predefined identifier, as a short topic, or by a name (MQTT-SN 1.2, 6.7).
import { isShortTopic } from '../codec/mqtt-sn.js'
import type { SnTarget } from './client-types.js'
import type { PredefinedTopics } from './predefined.js'

/**
 * Stands for a predefined identifier without a name. `#` is in no Topic Name and only at the end of a Topic Filter, so that
 * it is taken for neither.
 */
export const namelessTopic = (id: number): string => `#${id}`

const nameless = /^#(\d+)$/

export class TargetNames {
  readonly #predefined: PredefinedTopics
  #name = ''
  #target: SnTarget = { kind: 'name', name: '' }

  constructor(predefined: PredefinedTopics) {
    this.#predefined = predefined
  }

  /** The target of a Topic Name, a Topic Filter, or what `namelessTopic` has made. */
  of(name: string): SnTarget {
    if (name === this.#name) return this.#target
    this.#name = name
    this.#target = this.#targetOf(name)
    return this.#target
  }

  #targetOf(name: string): SnTarget {
    const id = nameless.exec(name)?.[1] ?? this.#predefined.idOf(name)
    if (id !== undefined) return { kind: 'predefined', id: Number(id) }
    if (isShortTopic(name) && !/[+#]/.test(name)) return { kind: 'short', name }
    return { kind: 'name', name }
  }
}
