export const texts = {
  heading: 'Loop',
  count: (n: number) => (n === 1 ? '1 item' : `${n} items`),
  list: 'Loop, in playing order',
  drag: (name: string) => `Drag ${name} to another place`,
  moveUp: (name: string) => `Move ${name} up`,
  moveDown: (name: string) => `Move ${name} down`,
  moved: (name: string, place: number, total: number) => `${name} is now ${place} of ${total}`,
  added: (name: string) => `${name} is in the loop`,
  takenOut: (name: string) => `${name} is out of the loop`,
  inLoop: (name: string) => `${name} in the loop`,
  inLoopShort: 'In the loop',
  emptyLoop: 'The loop is empty. Add something to it from the library.',
  restingHeading: 'Not in the loop',
  showMore: (n: number, all: number) =>
    n === all ? `Show the last ${n}` : `Show ${n} more of ${all}`,
  loading: 'Asking the display…',
};
