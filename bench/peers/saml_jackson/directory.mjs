// The package's directory sync on our PostgreSQL, with one directory that both the server and the seeding use.

import jackson from '@boxyhq/saml-jackson';

const TENANT = 'bench';
const PRODUCT = 'bench';

export async function open() {
  const controllers = jackson.controllers ?? jackson.default;
  const { directorySyncController, close } = await controllers({
    externalUrl: 'http://localhost',
    samlPath: '/saml',
    noAnalytics: true,
    db: {
      engine: 'sql',
      type: 'postgres',
      url: process.env.PEER_DATABASE,
      ttl: 300,
      cleanupLimit: 1000,
      // It counts by loading, and never beyond this; lower, and totalResults would be wrong.
      pageLimit: 1_000_000,
    },
  });
  return { sync: directorySyncController, close };
}

export async function directoryOf(sync, id) {
  const { data, error } = id
    ? await sync.directories.get(id)
    : await sync.directories.create({ name: 'Bench', tenant: TENANT, product: PRODUCT, type: 'azure-scim-v2' });
  if (error) throw new Error(error.message);
  return data;
}
