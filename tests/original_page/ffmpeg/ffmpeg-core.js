// Stands where the original looks for its converter.
self.createFFmpegCore = undefined;
