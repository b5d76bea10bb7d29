// A memory cgroup, of either version: the kernel kills what grows beyond its limit.
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { eventually } from "../../system/support/time.mjs";

const versions = [
  { root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes", kills: "memory.oom_control" },
  { root: "/sys/fs/cgroup", limit: "memory.max", peak: "memory.peak", kills: "memory.events" },
];

export class MemoryCage {
  /** One of `bytes`, or undefined where none can be made: not root, or no such controller. */
  static async make(bytes) {
    for (const version of versions) {
      const folder = `${version.root}/troupe-${process.pid}-${Math.floor(performance.now())}`;
      try {
        await mkdir(folder);
      } catch {
        continue;
      }
      const cage = new MemoryCage(folder, version);
      try {
        await writeFile(`${folder}/${version.limit}`, String(bytes));
        await cage.kills();
        return cage;
      } catch {
        await cage.remove();
      }
    }
    return undefined;
  }

  constructor(folder, version) {
    this.folder = folder;
    this.version = version;
    /** Runs what follows it inside. */
    this.command = ["sh", "-c", `echo $$ > ${folder}/cgroup.procs && exec "$@"`, "sh"];
  }

  /** The most that was charged at a time, in bytes; caches of files that the kernel may drop included. */
  async peak() {
    return Number(await readFile(`${this.folder}/${this.version.peak}`, "utf8"));
  }

  async kills() {
    return Number(/^oom_kill (\d+)$/m.exec(await readFile(`${this.folder}/${this.version.kills}`, "utf8"))[1]);
  }

  /** Once all that ran inside has ended. */
  async remove() {
    await eventually(`${this.folder} is removed`, () => rmdir(this.folder).then(() => true, () => false));
  }
}
