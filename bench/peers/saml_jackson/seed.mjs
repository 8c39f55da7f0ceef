// Store the rest of the people and the group's members as rows like those that the package's own controllers write,
// whose keys come from the package's own functions: node seed.mjs DIRECTORY BODIES FIRST-ID GROUP MEMBERS IDS-FILE
// (The controllers themselves store a few hundred people a second. They check the result at the end.)

import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import keys from '@boxyhq/saml-jackson/dist/db/utils.js';
import pg from 'pg';
import { directoryOf, open } from './directory.mjs';

const BATCH = 2000;
const [, , directoryId, bodies, firstId, groupId, members, file] = process.argv;
const { sync, close } = await open();
const directory = await directoryOf(sync, directoryId);
sync.users.setTenantAndProduct(directory.tenant, directory.product);
sync.groups.setTenantAndProduct(directory.tenant, directory.product);
const suffix = `${directory.tenant}:${directory.product}`;
const database = new pg.Client({ connectionString: process.env.PEER_DATABASE });

// What Sql.put of the package writes: a row in the store, and one in the index for each [name, value].
function stored(namespace, id, value, indexes) {
  const key = keys.key(namespace, keys.keyDigest(id));
  const found = indexes.map(([name, text]) => keys.keyForIndex(namespace, { name, value: keys.keyDigest(text) }));
  return { namespace, key, value: JSON.stringify(value), indexes: found };
}

async function insert(rows) {
  for (let start = 0; start < rows.length; start += BATCH) {
    const some = rows.slice(start, start + BATCH);
    await database.query(
      'insert into jackson_store (key, value, namespace, "modifiedAt") ' +
        'select key, value, namespace, now() from unnest($1::text[], $2::text[], $3::text[]) as t (key, value, namespace)',
      [some.map((row) => row.key), some.map((row) => row.value), some.map((row) => row.namespace)],
    );
    const pairs = some.flatMap((row) => row.indexes.map((index) => [index, row.key]));
    await database.query(
      'insert into jackson_index (key, "storeKey") select key, store from unnest($1::text[], $2::text[]) as t (key, store)',
      [pairs.map(([index]) => index), pairs.map(([, key]) => key)],
    );
  }
}

function user(body, id) {
  const email = body.emails[0].value;
  const value = {
    first_name: body.name.givenName,
    last_name: body.name.familyName,
    email,
    active: body.active,
    id,
    directoryId,
    raw: { ...body, id },
  };
  return stored(`dsync:users:${suffix}`, id, value, [
    ['directoryIdUsername', keys.keyFromParts(directoryId, email)],
    ['directoryId', directoryId],
  ]);
}

function membership(userId) {
  const id = keys.keyDigest(keys.keyFromParts(groupId, userId));
  const value = { id, group_id: groupId, user_id: userId };
  return stored(`dsync:members:${suffix}`, id, value, [['groupId', groupId]]);
}

function require(condition, what) {
  if (!condition) throw new Error(`a seeded row isn't what the package writes: ${what}`);
}

// A row that the package wrote is compared with the one that we would have written.
async function requireSame(row) {
  const store = await database.query('select value, namespace, iv, tag from jackson_store where key = $1', [row.key]);
  const index = await database.query('select key from jackson_index where "storeKey" = $1 order by id', [row.key]);
  const { value, namespace, iv, tag } = store.rows[0] ?? {};
  require(value === row.value && namespace === row.namespace && iv === null && tag === null, `${value} ${row.value}`);
  require(index.rows.map((each) => each.key).join() === row.indexes.join(), row.indexes.join());
}

await database.connect();
const people = readFileSync(bodies, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const ids = [firstId, ...people.map(() => randomUUID())];
const first = (await sync.users.get(firstId)).data;
const { id: _, ...firstBody } = first.raw;
await requireSame(user(firstBody, firstId));
await insert(people.map((body, place) => user(body, ids[place + 1])));
if (Number(members) > 0) {
  await sync.groups.addUserToGroup(groupId, firstId);
  await requireSame(membership(firstId));
  await insert(ids.slice(1, Number(members)).map(membership));
  require(await sync.groups.isUserInGroup(groupId, ids[Number(members) - 1]), 'the last member');
}
const last = ids.length - 1;
const { data: found } = await sync.users.search(last ? people[last - 1].emails[0].value : first.email, directoryId);
require(found?.length === 1 && found[0].id === ids[last], 'the last person');
writeFileSync(file, JSON.stringify(ids));
await database.end();
await close?.();
process.exit(0);
