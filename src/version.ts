// The version, defined by the bundler.
declare const MQTTX_VERSION: string

export const version: string = MQTTX_VERSION

/** What --version prints. */
export const versionText = `mqttx ${version}\n`
