namespace Winnow.Grains.Ports;

/// <summary>A stored state of a grain that says whether it can be worked with: what was read need not be what was written.</summary>
public interface IStoredState
{
    /// <summary>
    /// The first thing that keeps it from being worked with, as a sentence with the member's name; null when nothing does.
    /// </summary>
    string? Check();
}
