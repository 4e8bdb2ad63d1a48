// The keys and columns of `mqttx top`, as its screen explains them.

const keys = [
  ['up down k j', 'move by a row; PgUp PgDn: by a page; Home End g G'],
  ['right left Enter', 'unfold, fold, either; left also: to the level above'],
  ['+ -', 'unfold, fold everything'],
  ['t', 'tree or list'],
  ['1 2 3 4 5', 'sort by rate, bytes, count, silence, name; s: the next'],
  ['i', 'invert the order'],
  ['/', 'show topics that contain a text; Escape: all again'],
  ['!', 'show silent topics only'],
  ['space', 'pause the screen; counting goes on'],
  ['r', 'reset all figures'],
  ['q Ctrl-C', 'quit'],
] as const

const columns = [
  ['/s B/s', 'messages and bytes of payload a second, now'],
  ['avg/s', 'messages a second since the start or the reset'],
  ['count bytes', 'messages and bytes of payload'],
  ['age silent', 'time since the first and the last message; !: unusual'],
  ['qos', 'QoS of messages received, at most that of -q'],
  ['ret', 'R: has a retained message; of a level: how many have'],
] as const

const entry = ([name, meaning]: readonly [string, string]): string => ` ${name.padEnd(18)}${meaning}`

export const helpLines: readonly string[] = [...keys.map(entry), '', ...columns.map(entry)]
