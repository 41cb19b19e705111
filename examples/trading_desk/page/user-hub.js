// @ts-check
// The packaged client, and the types of what it brings here.
//
// The path is the one in the repository, so that editors, the compiler and Node find it. For a browser this page is at
// the root, above which there is nothing: it asks for `/clients/typescript/dist/…`, and there the server has it.

export * from '../../../clients/typescript/dist/index.js';
export * from '../../../clients/typescript/dist/polling.js';

/** @typedef {import('../../../clients/typescript/dist/trading.js').EventTypes} EventTypes */
/** @typedef {import('../../../clients/typescript/dist/index.js').Client<EventTypes>} DeskClient */
/** What the panels show: what the client has, or what was asked for while it is cut off. @typedef {Pick<DeskClient, 'state' | 'states' | 'fold' | 'synced'>} Desk */
