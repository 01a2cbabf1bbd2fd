// Verifies a webhook with an official library: verify.mjs LIBRARY SECRET HEADERS BODY
//
// HEADERS is a JSON object. Prints `verified`, or `refused` and why.
const [library, secret, headers, body] = process.argv.slice(2);

const { Webhook } = await import(library);
try {
  new Webhook(secret).verify(body, JSON.parse(headers));
  console.log("verified");
} catch (error) {
  console.log(`refused: ${error.message}`);
}
