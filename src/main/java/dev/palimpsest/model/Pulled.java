package dev.palimpsest.model;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A model that is on this machine, whole and checked.
 *
 * @param path a folder in the Hugging Face layout, or a GGUF file
 * @param source where it came from, with the exact version or commit
 * @param sha256 of the file; for a folder, of the lines {@code SHA256␠␠NAME} of its files sorted by
 *     name
 * @param license as the source states it; a GGUF file may state one of its own
 */
public record Pulled(Path path, String source, String sha256, Optional<String> license) {}
