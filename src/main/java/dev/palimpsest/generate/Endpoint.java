package dev.palimpsest.generate;

import dev.palimpsest.run.BadInput;
import java.net.URI;
import java.util.Optional;

/**
 * A model behind an OpenAI-compatible API, named {@code http://host:port/v1#model}.
 *
 * @param base what {@code /chat/completions} is put behind
 * @param model as the API names it
 */
public record Endpoint(URI base, String model) {
  /**
   * Reads such a name; empty if the text is no web address.
   *
   * @throws BadInput if it is one, but names no model, or holds a password
   */
  public static Optional<Endpoint> parse(String text) {
    if (!text.startsWith("http://") && !text.startsWith("https://")) {
      return Optional.empty();
    }
    int hash = text.indexOf('#');
    if (hash < 0 || hash == text.length() - 1) {
      throw new BadInput(
          shown(text) + ": which model? Name it behind a #, as in http://host/v1#model");
    }
    String base = text.substring(0, hash).replaceFirst("/+$", "");
    try {
      URI uri = URI.create(base);
      if (uri.getHost() == null || uri.getUserInfo() != null || uri.getQuery() != null) {
        throw new BadInput(
            shown(base)
                + ": expected http://host:port/v1 with neither a user nor a query; a key is read"
                + " from "
                + RemoteSettings.KEY);
      }
      return Optional.of(new Endpoint(uri, text.substring(hash + 1)));
    } catch (IllegalArgumentException e) {
      throw new BadInput(shown(base) + ": no web address", e);
    }
  }

  private static String shown(String text) {
    return text.replaceFirst("//[^/]*@", "//…@");
  }

  /** As a user names it. */
  @Override
  public String toString() {
    return base + "#" + model;
  }
}
