export const texts = { title: 'LOOP', closeToast: 'Close this message' };
