using Winnow.Client;

namespace Winnow.Studio.Shell;

/// <summary>What comes in the place of an answer, with a sentence that can be shown: nothing else is caught by pages.</summary>
internal static class Unanswered
{
    public static bool Is(Exception e) => e is HttpRequestException or TimeoutException or WinnowApiException or IOException;
}
