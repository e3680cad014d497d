import socket
import sys

port = int(sys.argv[1])  # python3 start.py 4000
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", port))
data, address = s.recvfrom(1024)
print("from", address, "came", data)
