// Reads a file of predefined topics of MQTT-SN.
import { readGiven } from '../io/small-file.js'
import { PredefinedTopics, parsePredefined } from '../sn/predefined.js'

/** No file: no topics. @throws MqttxError */
export function readPredefined(file: string | undefined): PredefinedTopics {
  if (file === undefined) return new PredefinedTopics()
  return parsePredefined(readGiven(file, { what: 'the predefined topics ' }).toString(), file)
}
