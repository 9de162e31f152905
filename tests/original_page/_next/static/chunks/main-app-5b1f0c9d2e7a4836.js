// Starts the page from what the scripts in its HTML have pushed: without them there is nothing to start.
(() => {
  let text = '';
  const take = ([kind, part]) => {
    if (kind === 1) text += part;
    if (kind !== 2) return;
    self.pageData = JSON.parse(text);
    for (const source of self.pageData.chunks) {
      const script = document.createElement('script');
      script.src = source;
      document.head.append(script);
    }
  };
  const pushed = (self.__next_f = self.__next_f || []);
  pushed.splice(0).forEach(take);
  pushed.push = take;
})();
