const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size for people, in powers of ten as disks are sold: "640 B", "4.6 MB", "29 GB". */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}
