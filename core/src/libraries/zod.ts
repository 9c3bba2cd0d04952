// As one file, which loads in a third of the time of its hundred. Code imports 'zod'; builds put this in its place.
export * from 'zod';
