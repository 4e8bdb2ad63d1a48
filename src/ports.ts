// The registered ports of MQTT (IANA): mqtt and secure-mqtt.
export const plainPort = 1883
/** The only one at which the reference, and we, assume TLS. */
export const tlsPort = 8883
