// Frames as a hub sends them, for the tests.

export const EPOCH = '00000000000000aa';
export const TIMESTAMP = '2026-11-22T23:59:39.123Z';

export const connected = (more = {}) => ({
  type: 'CONNECTED', protocol: 1, userId: 'alice', connectionId: '1', epoch: EPOCH,
  after: null, recovered: false, lastLog: 0, heartbeat: 25, ...more,
});
export const synced = (seq, lastLog = 0, epoch = EPOCH) => ({ type: 'SYNCED', cursor: `${epoch}-${seq}`, lastLog, stateSource: 'none' });
export const heartbeat = (seq, lastLog = 0) => ({ type: 'HEARTBEAT', cursor: `${EPOCH}-${seq}`, lastLog });
export const pnl = (seq, totalPnL = seq, more = {}) => ({ seq, type: 'PNL_UPDATE', timestamp: TIMESTAMP, data: { pnl: { totalPnL } }, ...more });
export const chain = (seq, chainId, status, more = {}) => ({
  seq, type: 'CHAIN_UPDATE', timestamp: TIMESTAMP, key: chainId, data: { chain: { chainId, status } }, ...more,
});
export const event = (seq, prevLog, more = {}) => ({
  seq, prevLog, type: 'LIFECYCLE_EVENT', timestamp: TIMESTAMP, data: { event: { id: `e${seq}` } }, ...more,
});
