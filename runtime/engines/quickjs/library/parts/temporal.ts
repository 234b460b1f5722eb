import { Intl as IntlWithTemporal, Temporal, toTemporalInstant } from 'temporal-polyfill/implementation';

export { Temporal, toTemporalInstant };
export const { DateTimeFormat } = IntlWithTemporal;
