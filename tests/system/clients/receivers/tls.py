"""A receiver that speaks one version of TLS and answers 200: tls.py CERTIFICATE KEY VERSION

VERSION is TLSv1_1, TLSv1_2 or TLSv1_3. It prints the version that a client gets, and its URL. It ends when its standard input does.
"""

import socket
import ssl
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

warnings.simplefilter("ignore", DeprecationWarning)
certificate, key, version = sys.argv[1], sys.argv[2], ssl.TLSVersion[sys.argv[3]]


def limited(protocol):
    """Returns settings for this version alone. Old ones need the ciphers of the lowest security level."""
    context = ssl.SSLContext(protocol)
    context.check_hostname = False
    context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def get_request(self):
        connection, address = super().get_request()
        return tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, *_):
        pass


tls = limited(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()

client = limited(ssl.PROTOCOL_TLS_CLIENT)
client.verify_mode = ssl.CERT_NONE
with client.wrap_socket(socket.create_connection(server.server_address)) as connection:
    print(connection.version())
print(f"https://127.0.0.1:{server.server_port}", flush=True)
sys.stdin.read()
