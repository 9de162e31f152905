export const texts = {
  play: (name: string, about: string) => `${name} ${about}: show now`,
  playing: 'On the glass now',
  still: 'Picture',
  more: (name: string) => `More for ${name}`,
  choose: (name: string, about: string) => `${name} ${about}: choose`,
  converting: (percent: number) => `Converting ${percent} %`,
  deleted: (name: string) => `Deleted “${name}”`,
  deletedMany: (n: number) => `Deleted ${n} items`,
  undo: 'Undo',
  undoHow: (seconds: number) => `Press U within ${seconds} seconds to take it back.`,
  restored: (n: number) => (n === 1 ? 'It is back' : `${n} items are back`),
  gone: (n: number) =>
    n === 1
      ? 'It was too late: the display has let go of it.'
      : `It was too late for ${n} of them: the display has let go of them.`,
  emptyTitle: 'Drop a GIF, a film or a picture here',
  emptyBody: 'It is made ready in this browser and then loops on the display, with its own timing.',
  emptyAction: 'Choose files',
  loading: 'Asking the display what it has…',
};
