// node-saml and saml20 on the same response: node node.mjs LIBRARY JOB, prints what one validation cost as JSON.
import { readFileSync } from 'node:fs'

const [library, path] = process.argv.slice(2)
const task = JSON.parse(readFileSync(path, 'utf8'))
const pem = `-----BEGIN CERTIFICATE-----\n${task.certificate.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`

async function nodeSaml() {
  const { SAML } = await import('@node-saml/node-saml')
  const saml = new SAML({
    idpCert: pem,
    issuer: task.redirect_url,
    audience: task.redirect_url,
    callbackUrl: task.redirect_url,
    entryPoint: task.sign_on_url,
    idpIssuer: task.entity_id,
    wantAuthnResponseSigned: true,
    wantAssertionsSigned: false,
    validateInResponseTo: 'never',
  })
  return async () => (await saml.validatePostResponseAsync({ SAMLResponse: task.message })).profile.email
}

async function saml20() {
  const { default: saml } = (await import('@boxyhq/saml20')).default
  return async () => {
    const xml = Buffer.from(task.message, 'base64').toString('utf8')
    const options = { publicKey: task.certificate, audience: task.redirect_url, inResponseTo: task.request_id }
    const { claims } = await saml.validate(xml, options)
    return claims.email
  }
}

const validate = await (library === 'node-saml' ? nodeSaml() : saml20())
for (let round = 0; round < 20; round++) {
  const found = await validate()
  if (String(found) !== task.email) throw new Error(`read ${found} instead of ${task.email}`)
}
const times = []
const before = process.cpuUsage()
const deadline = performance.now() + task.seconds * 1000
while (times.length < 20 || performance.now() < deadline) {
  const begun = performance.now()
  await validate()
  times.push(performance.now() - begun)
}
const { user, system } = process.cpuUsage(before)
times.sort((a, b) => a - b)
console.log(
  JSON.stringify({
    count: times.length,
    median: times[Math.floor(times.length / 2)],
    p95: times[Math.floor(times.length * 0.95)],
    cpu: (user + system) / 1000 / times.length,
  }),
)
