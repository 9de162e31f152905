export const texts = {
  live: 'Live',
  polling: 'Connected · updated every 2 s',
  connecting: 'Connecting…',
  reconnecting: (age: string) => `Reconnecting · shown as of ${age}`,
  restarting: 'Display restarting',
  age: (seconds: number) => {
    if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s ago`;
    if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
    return `${Math.round(seconds / 3600)} h ago`;
  },
};
