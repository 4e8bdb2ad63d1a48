"""Prints what Paho receives: PORT TOPIC QOS COUNT VERSION (4: MQTT 3.1.1, 5). A line "ready", then for each message its topic and payload in hex."""
import sys
import paho.mqtt.client as mqtt

port, topic, qos, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
callbacks = getattr(mqtt, "CallbackAPIVersion", None)
protocol = int(sys.argv[5])
client = mqtt.Client(callbacks.VERSION2, protocol=protocol) if callbacks else mqtt.Client(protocol=protocol)
left = count


def on_connect(client, *_):
    client.subscribe(topic, qos)


def on_subscribe(*_):
    print("ready", flush=True)


def on_message(client, _, message):
    global left
    left -= 1
    print(message.topic, message.payload.hex(), flush=left == 0)
    if left == 0:
        client.disconnect()


client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect("127.0.0.1", port)
client.loop_forever()
