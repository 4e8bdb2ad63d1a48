// The registered ports of MQTT (IANA): mqtt and secure-mqtt.
export const plainPort = 1883
/** mosquitto's clients and mqttx assume TLS on this port only. */
export const tlsPort = 8883
/** The port of MQTT-SN gateways by habit; IANA has none for it. */
export const snPort = 1884
