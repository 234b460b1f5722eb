import type { EmscriptenModule } from './realm-boot.ts';
import type { RealmPort } from './realm-contract.ts';

export function installFiles(_module: EmscriptenModule, _port: RealmPort, _scratchBytes: number): void {}
