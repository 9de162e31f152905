export const texts = { brightness: 'Brightness', percent: (value: number) => `${value} %` };
