"""Sends an identify and two track calls with RudderStack's SDK: rudderstack_python.py ENDPOINT gzip|plain"""

import sys

from rudderstack.analytics.client import Client

endpoint, encoding = sys.argv[1:]
failures = []
client = Client(
    "write-key", host=endpoint, gzip=encoding == "gzip", max_retries=0, on_error=lambda error, _: failures.append(error)
)
client.identify("u_1", {"email": "ana@example.com"}, message_id="m-1")
client.track("u_1", "Order Completed", {"total": 39.5}, message_id="m-2")
client.track("u_1", "Order Refunded", message_id="m-3")
client.join()
sys.exit(str(failures) if failures else 0)
