package dev.palimpsest.cli;

/** The launcher's entry point. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    System.out.println("palimpsest");
  }
}
