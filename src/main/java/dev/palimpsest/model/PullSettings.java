package dev.palimpsest.model;

import java.net.URI;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Through what models are fetched.
 *
 * @param python the Python whose pip is asked first; the command {@code pip} is asked second. Pip's
 *     own configuration decides the registry
 * @param hub the Hugging Face hub, or a mirror of it
 * @param token for models that the hub shows to known users only
 */
public record PullSettings(String python, URI hub, Optional<String> token) {
  private static final String HUB = "https://huggingface.co";

  /**
   * Reads {@code PYTHON}, {@code HF_ENDPOINT} and {@code HF_TOKEN}.
   *
   * @param environment the process's variables
   */
  public static PullSettings of(Map<String, String> environment) {
    String endpoint = Objects.requireNonNullElse(environment.get("HF_ENDPOINT"), "");
    return new PullSettings(
        environment.getOrDefault("PYTHON", "python3"),
        URI.create(endpoint.isBlank() ? HUB : endpoint.strip().replaceAll("/+$", "")),
        Optional.ofNullable(environment.get("HF_TOKEN")).filter(t -> !t.isBlank()));
  }
}
