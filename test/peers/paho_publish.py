"""Publishes with Paho: PORT TOPIC QOS COUNT. The payload of message n is n, as text."""
import sys
import paho.mqtt.client as mqtt

port, topic, qos, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
# Paho 2 asks which callbacks are meant; Paho 1 does not know the question.
version = getattr(mqtt, "CallbackAPIVersion", None)
client = mqtt.Client(version.VERSION2) if version else mqtt.Client()
client.connect("127.0.0.1", port)
client.loop_start()
for number in range(1, count + 1):
    info = client.publish(topic, str(number), qos=qos)
info.wait_for_publish()
client.disconnect()
client.loop_stop()
