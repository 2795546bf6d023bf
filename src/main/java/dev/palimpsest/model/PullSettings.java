package dev.palimpsest.model;

import dev.palimpsest.run.BadInput;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Through what models are fetched.
 *
 * @param python the Python whose pip is asked first; the command {@code pip} is asked second. Pip's
 *     own configuration decides the registry
 * @param hub the Hugging Face hub, or a mirror of it
 * @param token for models that the hub shows to known users only
 * @param proxy that the hub is reached through
 */
public record PullSettings(String python, URI hub, Optional<String> token, Optional<URI> proxy) {
  private static final String HUB = "https://huggingface.co";

  /**
   * Reads {@code PYTHON}, {@code HF_ENDPOINT}, {@code HF_TOKEN}, and as other programs do {@code
   * HTTPS_PROXY}, {@code HTTP_PROXY} and {@code NO_PROXY}, in lower case too.
   *
   * @param environment the process's variables
   * @throws BadInput if an address among them is none
   */
  public static PullSettings of(Map<String, String> environment) {
    URI hub = address("HF_ENDPOINT", value(environment, "HF_ENDPOINT").orElse(HUB));
    String proxy = hub.getScheme().equals("https") ? "HTTPS_PROXY" : "HTTP_PROXY";
    return new PullSettings(
        value(environment, "PYTHON").orElse("python3"),
        hub,
        value(environment, "HF_TOKEN"),
        value(environment, proxy)
            .filter(text -> !direct(hub.getHost(), value(environment, "NO_PROXY").orElse("")))
            .map(text -> address(proxy, text.contains("://") ? text : "http://" + text)));
  }

  private static Optional<String> value(Map<String, String> environment, String name) {
    return Stream.of(name, name.toLowerCase(Locale.ROOT))
        .flatMap(key -> Optional.ofNullable(environment.get(key)).stream())
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .findFirst();
  }

  private static URI address(String name, String text) {
    try {
      URI address = URI.create(text.replaceAll("/+$", ""));
      if (address.getHost() != null && address.getScheme() != null) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // told below, with the variable's name
    }
    throw new BadInput(name + ": '" + text + "' is no address such as https://host:port");
  }

  private static boolean direct(String host, String exceptions) {
    return List.of(exceptions.split("\\s*,\\s*")).stream()
        .map(text -> text.startsWith(".") ? text.substring(1) : text)
        .filter(text -> !text.isEmpty())
        .anyMatch(text -> text.equals("*") || host.equals(text) || host.endsWith("." + text));
  }
}
