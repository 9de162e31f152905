export const texts = {
  add: 'Add',
  addLong: 'Add pictures and films',
  dropTitle: 'Drop to put it on the glass',
  dropBody: 'GIFs, films and pictures',
  takenLater:
    'The link to the display is slow: the files are taken in when the rest of this page is here.',
};
