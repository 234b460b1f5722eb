// Prefixes the lines of stdin with its argument, tells a variable on stderr, and prints a granted file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
  char line[256];
  while (fgets(line, sizeof line, stdin)) printf("%s: %s", argc > 1 ? argv[1] : "", line);
  fprintf(stderr, "%s\n", getenv("LANG") ? getenv("LANG") : "none");
  FILE *file = fopen("/data/a.txt", "r");
  if (file == NULL) return 3;
  size_t read = fread(line, 1, sizeof line - 1, file);
  line[read] = 0;
  printf("%s\n", line);
  return 0;
}
