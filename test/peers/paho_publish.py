"""Publishes with Paho: PORT TOPIC QOS COUNT VERSION (4: MQTT 3.1.1, 5). The payload of message n is n, as text."""
import sys
import paho.mqtt.client as mqtt

port, topic, qos, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
# Paho 2 asks which callbacks are meant; Paho 1 does not know the question.
callbacks = getattr(mqtt, "CallbackAPIVersion", None)
protocol = int(sys.argv[5])
client = mqtt.Client(callbacks.VERSION2, protocol=protocol) if callbacks else mqtt.Client(protocol=protocol)
client.connect("127.0.0.1", port)
client.loop_start()
for number in range(1, count + 1):
    info = client.publish(topic, str(number), qos=qos)
info.wait_for_publish()
client.disconnect()
client.loop_stop()
