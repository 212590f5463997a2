// Seals and opens age files with typage, as tests/crypto/test_typage.py asks. Standard input: a list of tasks in JSON,
// { "identity": ..., "file": ... } to open or { "recipient": ..., "plaintext": ... } to seal, bytes in base64.
// Standard output: for each task { "bytes": ... }, or { "refused": ... } with what typage said. Argument: its module.

import { text } from "node:stream/consumers";

const { Decrypter, Encrypter } = await import(process.argv[2]);

async function perform(task) {
  if (task.identity) {
    const opener = new Decrypter();
    opener.addIdentity(task.identity);
    return opener.decrypt(Buffer.from(task.file, "base64"));
  }
  const sealer = new Encrypter();
  sealer.addRecipient(task.recipient);
  return sealer.encrypt(Buffer.from(task.plaintext, "base64"));
}

const answers = [];
for (const task of JSON.parse(await text(process.stdin))) {
  try {
    answers.push({ bytes: Buffer.from(await perform(task)).toString("base64") });
  } catch (refusal) {
    answers.push({ refused: String(refusal) });
  }
}
process.stdout.write(JSON.stringify(answers));
