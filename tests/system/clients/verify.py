"""Verifies a webhook with the library of the standard: verify.py standardwebhooks SECRET HEADERS BODY

HEADERS is a JSON object. Prints `verified`, or `refused` and why.
"""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

_, secret, headers, body = sys.argv[1:]
try:
    Webhook(secret).verify(body, json.loads(headers))
    print("verified")
except WebhookVerificationError as error:
    print(f"refused: {error}")
