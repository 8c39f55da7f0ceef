// panva's oidc-provider as a company would run it: clients, people and keys come from a file, sign-in is a form.
// node server.mjs CONFIGURATION; everything outside of the provider's own paths is below /operator.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const { port, clients, people, keys, cookieKey } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const issuer = `http://127.0.0.1:${port}`;
const seen = { authorizations: [], pushed: [], tokens: [], backchannel: [] };

function provide(signingKeys) {
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: signingKeys },
    cookies: { keys: [cookieKey] },
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['given_name', 'family_name', 'groups', 'space_name', 'space_role'],
    },
    features: {
      devInteractions: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        // The question whether to sign out, as a form without script.
        logoutSource(ctx, form) {
          ctx.body = form.replace('</form>', '<input type="hidden" name="logout" value="yes"/></form>');
        },
      },
    },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'HS256'] },
    responseTypes: ['code', 'code id_token'],
    // Everybody in the company has agreed.
    async loadExistingGrant(ctx) {
      const { client, session, provider: { Grant } } = ctx.oidc;
      const grant = new Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    async findAccount(ctx, id) {
      return people[id] && { accountId: id, claims: async () => ({ sub: id, ...people[id] }) };
    },
    // Its own guard refuses this machine's addresses, where the product is.
    fetch(url, { dispatcher, ...options }) {
      return fetch(url, options);
    },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  });
  provider.on('grant.success', (ctx) => seen.tokens.push(ctx.oidc.client.tokenEndpointAuthMethod));
  provider.on('pushed_authorization_request.success', (ctx, client) => seen.pushed.push(client.clientId));
  provider.on('authorization.success', (ctx) => seen.authorizations.push(ctx.oidc.params.response_type));
  provider.on('backchannel.success', (ctx, client, account) => seen.backchannel.push(['accepted', client.clientId, account]));
  provider.on('backchannel.error', (ctx, error, client, account) => seen.backchannel.push([String(error), client.clientId, account]));
  provider.on('server_error', (ctx, error) => console.error(error));
  for (const event of ['authorization.error', 'grant.error', 'pushed_authorization_request.error', 'end_session.error']) {
    provider.on(event, (ctx, error) => console.error(event, error.message, error.error_description, error.error_detail));
  }
  return provider.callback();
}

// The first key of a kind signs; the older ones stay published.
let kept = keys.slice(0, 1);
let handler = provide([...kept, ...keys.filter((key) => key.kty !== 'RSA')]);

createServer((request, response) => {
  if (request.url === '/operator/rotate' && request.method === 'POST') {
    const next = keys.filter((key) => key.kty === 'RSA')[kept.length];
    kept = [next, ...kept];
    handler = provide([...kept, ...keys.filter((key) => key.kty !== 'RSA')]);
    response.end(next.kid);
  } else if (request.url === '/operator/seen') {
    response.end(JSON.stringify(seen));
  } else {
    handler(request, response);
  }
}).listen(port, '127.0.0.1');
