// As one file, for the plugins that make certificates. Code imports '@peculiar/x509'; builds put this in its place.
import 'reflect-metadata';
export * from '@peculiar/x509';
