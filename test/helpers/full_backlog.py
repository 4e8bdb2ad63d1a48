"""Listens on a loopback port whose queue is full: the system drops every further SYN, as a firewall does. Prints the port."""
import socket
import sys

server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(0)
clients = []
for _ in range(4):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(server.getsockname())
    clients.append(client)
print(server.getsockname()[1], flush=True)
sys.stdin.read()
